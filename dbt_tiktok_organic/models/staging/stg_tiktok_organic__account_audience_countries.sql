{{ tiktok_organic.stage('account_audience_countries', [
    ('business_id', 'string'),
    ('metric_date', 'date'),
    ('video_creator_username', 'string'),
    ('audience_countries_country', 'string'),
    ('audience_countries_percentage', 'number'),
    ('_airbyte_extracted_at', 'timestamp'),
]) }}
