{{ tiktok_organic.stage('videos_impression_sources', [
    ('business_id', 'string'),
    ('item_id', 'string'),
    ('metric_date', 'date'),
    ('video_creator_username', 'string'),
    ('create_time', 'timestamp'),
    ('impression_sources_impression_source', 'string'),
    ('impression_sources_percentage', 'number'),
    ('_airbyte_extracted_at', 'timestamp'),
]) }}
