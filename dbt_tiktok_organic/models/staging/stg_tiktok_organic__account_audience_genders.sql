{{ tiktok_organic.stage('account_audience_genders', [
    ('business_id', 'string'),
    ('metric_date', 'date'),
    ('video_creator_username', 'string'),
    ('audience_genders_gender', 'string'),
    ('audience_genders_percentage', 'number'),
    ('_airbyte_extracted_at', 'timestamp'),
]) }}
