{{ tiktok_organic.stage('account_audience_ages', [
    ('business_id', 'string'),
    ('metric_date', 'date'),
    ('video_creator_username', 'string'),
    ('audience_ages_age', 'string'),
    ('audience_ages_percentage', 'number'),
    ('_airbyte_extracted_at', 'timestamp'),
]) }}
