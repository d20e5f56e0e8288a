{{ tiktok_organic.stage('videos_covers', [
    ('business_id', 'string'),
    ('item_id', 'string'),
    ('video_creator_username', 'string'),
    ('create_time', 'timestamp'),
    ('file_path', 'string'),
    ('_airbyte_extracted_at', 'timestamp'),
]) }}
