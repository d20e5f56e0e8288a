{{ tiktok_organic.stage('videos_engagement_likes', [
    ('business_id', 'string'),
    ('item_id', 'string'),
    ('metric_date', 'date'),
    ('video_creator_username', 'string'),
    ('create_time', 'timestamp'),
    ('engagement_likes_second', 'integer'),
    ('engagement_likes_percentage', 'number'),
    ('_airbyte_extracted_at', 'timestamp'),
]) }}
