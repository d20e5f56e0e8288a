{{ tiktok_organic.stage('videos_audience_cities', [
    ('business_id', 'string'),
    ('item_id', 'string'),
    ('metric_date', 'date'),
    ('video_creator_username', 'string'),
    ('create_time', 'timestamp'),
    ('audience_cities_city_name', 'string'),
    ('audience_cities_percentage', 'number'),
    ('_airbyte_extracted_at', 'timestamp'),
]) }}
