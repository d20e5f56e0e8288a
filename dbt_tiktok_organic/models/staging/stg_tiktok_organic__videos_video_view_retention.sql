{{ tiktok_organic.stage('videos_video_view_retention', [
    ('business_id', 'string'),
    ('item_id', 'string'),
    ('metric_date', 'date'),
    ('video_creator_username', 'string'),
    ('create_time', 'timestamp'),
    ('video_view_retention_second', 'integer'),
    ('video_view_retention_percentage', 'number'),
    ('_airbyte_extracted_at', 'timestamp'),
]) }}
