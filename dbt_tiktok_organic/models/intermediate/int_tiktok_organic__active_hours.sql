select
    business_id,
    {{ dbt.dateadd('hour', 'audience_activity_hour', 'cast(metric_date as ' ~ dbt.type_timestamp() ~ ')') }} as active_at,
    audience_activity_count as followers_active
from {{ ref('stg_tiktok_organic__account_metrics_audience_activity') }}
