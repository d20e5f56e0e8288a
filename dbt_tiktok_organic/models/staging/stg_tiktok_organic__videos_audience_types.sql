{{ tiktok_organic.stage('videos_audience_types', [
    ('business_id', 'string'),
    ('item_id', 'string'),
    ('metric_date', 'date'),
    ('video_creator_username', 'string'),
    ('create_time', 'timestamp'),
    ('audience_types_type', 'string'),
    ('audience_types_percentage', 'number'),
    ('_airbyte_extracted_at', 'timestamp'),
]) }}
