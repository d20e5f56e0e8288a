{{ tiktok_organic.stage('videos_audience_countries', [
    ('business_id', 'string'),
    ('item_id', 'string'),
    ('metric_date', 'date'),
    ('video_creator_username', 'string'),
    ('create_time', 'timestamp'),
    ('audience_countries_country', 'string'),
    ('audience_countries_percentage', 'number'),
    ('_airbyte_extracted_at', 'timestamp'),
]) }}
