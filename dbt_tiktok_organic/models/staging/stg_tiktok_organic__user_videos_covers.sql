{{ tiktok_organic.stage('user_videos_covers', [
    ('id', 'string'),
    ('open_id', 'string'),
    ('create_time', 'integer'),
    ('created_at', 'timestamp'),
    ('file_path', 'string'),
    ('_airbyte_extracted_at', 'timestamp'),
]) }}
