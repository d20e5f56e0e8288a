{{ tiktok_organic.stage('account_metrics_audience_activity', [
    ('business_id', 'string'),
    ('metric_date', 'date'),
    ('video_creator_username', 'string'),
    ('audience_activity_hour', 'integer'),
    ('audience_activity_count', 'integer'),
    ('_airbyte_extracted_at', 'timestamp'),
]) }}
