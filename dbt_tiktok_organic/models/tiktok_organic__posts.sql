{%- set counters = [
    'video_views', 'likes', 'comments', 'shares', 'favorites', 'reach', 'total_time_watched', 'average_time_watched',
    'full_video_watched_rate', 'new_followers', 'profile_views', 'clicks', 'lead_submissions',
] -%}

with syncs as (
    select
        *,
        row_number() over (partition by business_id, item_id order by metric_date desc) as newest_first,
        {%- for counter in counters %}
        max(case when {{ counter }} is not null then metric_date end)
            over (partition by business_id, item_id) as {{ counter }}_date{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('int_tiktok_organic__post_syncs') }}
),

-- What TikTok told last of each counter.
known as (
    select
        business_id,
        item_id,
        min(metric_date) as first_synced_on,
        max(metric_date) as last_synced_on,
        max(reach_date) as reach_as_of,
        {%- for counter in counters %}
        max(case when metric_date = {{ counter }}_date then {{ counter }} end) as {{ counter }}{{ ',' if not loop.last }}
        {%- endfor %}
    from syncs
    group by business_id, item_id
),

account_dates as (
    select distinct business_id, metric_date
    from syncs
),

newest as (
    select business_id, max(metric_date) as metric_date
    from account_dates
    group by business_id
),

-- The first sync after the post's last that would have read it.
missing as (
    select syncs.business_id, syncs.item_id, min(account_dates.metric_date) as missing_since
    from syncs
    inner join account_dates
        on account_dates.business_id = syncs.business_id
        and account_dates.metric_date > syncs.metric_date
    where syncs.newest_first = 1
        and (
            syncs.lookback_days is null
            or {{ dbt.datediff('syncs.create_time', 'account_dates.metric_date', 'day') }} < syncs.lookback_days
        )
    group by syncs.business_id, syncs.item_id
),

hooks as (
    select
        business_id,
        item_id,
        video_view_retention_percentage as hook_rate,
        row_number() over (partition by business_id, item_id order by metric_date desc) as newest_first
    from {{ ref('stg_tiktok_organic__videos_video_view_retention') }}
    where video_view_retention_second = 3
),

accounts as (
    select
        business_id,
        video_creator_username,
        display_name,
        row_number() over (partition by business_id order by metric_date desc) as newest_first
    from {{ ref('int_tiktok_organic__account_syncs') }}
),

posts as (
    select
        syncs.business_id,
        syncs.item_id,
        coalesce(accounts.video_creator_username, syncs.video_creator_username) as video_creator_username,
        accounts.display_name,
        syncs.create_time,
        {{ dbt.datediff('syncs.create_time', 'newest.metric_date', 'day') }} as days_since_published,
        syncs.caption,
        syncs.media_type,
        syncs.is_ad,
        {{ dbt.split_part('syncs.share_url', "'?'", 1) }} as permalink,
        syncs.embed_url,
        syncs.thumbnail_url,
        syncs.video_duration,
        {%- for counter in counters %}
        known.{{ counter }},
        {%- endfor %}
        known.reach_as_of,
        hooks.hook_rate,
        known.first_synced_on,
        known.last_synced_on,
        missing.missing_since,
        syncs.lookback_days
    from syncs
    inner join known on known.business_id = syncs.business_id and known.item_id = syncs.item_id
    inner join newest on newest.business_id = syncs.business_id
    left join missing on missing.business_id = syncs.business_id and missing.item_id = syncs.item_id
    left join hooks
        on hooks.business_id = syncs.business_id and hooks.item_id = syncs.item_id and hooks.newest_first = 1
    left join accounts on accounts.business_id = syncs.business_id and accounts.newest_first = 1
    where syncs.newest_first = 1
)

select
    business_id,
    item_id,
    video_creator_username,
    display_name,
    create_time,
    days_since_published,
    caption,
    media_type,
    is_ad,
    permalink,
    embed_url,
    thumbnail_url,
    video_duration,
    {%- for counter in counters %}
    {{ counter }},
    {%- endfor %}
    reach_as_of,
    {{ tiktok_organic.ratio('likes + comments + shares', 'video_views') }} as engagement_rate,
    {{ tiktok_organic.ratio('likes + comments + shares', 'reach') }} as engagement_rate_by_reach,
    {{ tiktok_organic.ratio('average_time_watched', 'video_duration') }} as watched_share,
    hook_rate,
    first_synced_on,
    last_synced_on,
    coalesce(days_since_published > lookback_days, false) as is_frozen,
    missing_since
from posts
