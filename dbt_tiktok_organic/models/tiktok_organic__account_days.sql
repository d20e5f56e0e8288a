{%- set additive = [
    'video_views', 'profile_views', 'likes', 'comments', 'shares', 'daily_new_followers', 'daily_lost_followers',
    'net_followers', 'bio_link_clicks', 'phone_number_clicks', 'lead_submissions', 'app_download_clicks', 'email_clicks',
    'address_clicks', 'posts_published',
] -%}
{%- set knows_posts = tiktok_organic.using('videos') or tiktok_organic.using('user_videos_history') or tiktok_organic.using('user_videos') -%}

with metrics as (
    select * from {{ ref('stg_tiktok_organic__account_metrics') }}
),

account_syncs as (
    select * from {{ ref('int_tiktok_organic__account_syncs') }}
),

days as (
    select distinct business_id, metric_date
    from (
        select business_id, metric_date from metrics
        union all
        select business_id, metric_date from account_syncs
    ) as either
),

published as (
    select business_id, cast(create_time as date) as metric_date, count(*) as posts_published
    from {{ ref('tiktok_organic__posts') }}
    group by business_id, cast(create_time as date)
),

joined as (
    select
        days.business_id,
        days.metric_date,
        coalesce(account_syncs.video_creator_username, metrics.video_creator_username) as video_creator_username,
        metrics.is_provisional,
        coalesce(metrics.followers_count, account_syncs.followers_count) as followers_count,
        metrics.video_views,
        metrics.unique_video_views,
        metrics.profile_views,
        metrics.likes,
        metrics.comments,
        metrics.shares,
        metrics.engaged_audience,
        metrics.daily_new_followers,
        metrics.daily_lost_followers,
        metrics.bio_link_clicks,
        metrics.phone_number_clicks,
        metrics.lead_submissions,
        metrics.app_download_clicks,
        metrics.email_clicks,
        metrics.address_clicks,
        {{ 'coalesce(published.posts_published, 0)' if knows_posts else 'published.posts_published' }} as posts_published
    from days
    left join metrics on metrics.business_id = days.business_id and metrics.metric_date = days.metric_date
    left join account_syncs
        on account_syncs.business_id = days.business_id and account_syncs.metric_date = days.metric_date
    left join published on published.business_id = days.business_id and published.metric_date = days.metric_date
),

compared as (
    select
        *,
        lag(metric_date) over (partition by business_id order by metric_date) as date_before,
        lag(followers_count) over (partition by business_id order by metric_date) as followers_before
    from joined
),

netted as (
    select
        *,
        coalesce(
            daily_new_followers - daily_lost_followers,
            case
                when {{ dbt.datediff('date_before', 'metric_date', 'day') }} = 1 then followers_count - followers_before
            end
        ) as net_followers
    from compared
)

select
    business_id,
    metric_date,
    video_creator_username,
    is_provisional,
    followers_count,
    net_followers,
    daily_new_followers,
    daily_lost_followers,
    posts_published,
    video_views,
    unique_video_views,
    profile_views,
    likes,
    comments,
    shares,
    engaged_audience,
    {{ tiktok_organic.ratio('likes + comments + shares', 'video_views') }} as engagement_rate,
    bio_link_clicks,
    phone_number_clicks,
    lead_submissions,
    app_download_clicks,
    email_clicks,
    address_clicks
    {%- for days in [7, 28] %}
    {%- set window %}over (partition by business_id order by metric_date rows between {{ days - 1 }} preceding and current row){% endset %}
    {%- for name in additive %},
    case
        when count({{ name }}) {{ window }} = {{ days }}
            and {{ dbt.datediff('min(metric_date) ' ~ window, 'metric_date', 'day') }} = {{ days - 1 }}
            then cast(sum({{ name }}) {{ window }} as {{ dbt.type_bigint() }})
    end as {{ name }}_{{ days }}_days
    {%- endfor %}
    {%- endfor %}
from netted
