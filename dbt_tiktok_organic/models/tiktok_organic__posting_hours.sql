{%- set time_zone = var('tiktok_organic__time_zone') -%}
{#- Monday is 1, and 1970-01-05 was one. -#}
{%- set weekday -%}
    cast(mod({{ dbt.datediff("cast('1970-01-05' as date)", 'local_time', 'day') }}, 7) + 1 as {{ dbt.type_int() }})
{%- endset -%}
{%- set hour_of_day = 'cast(extract(hour from local_time) as ' ~ dbt.type_int() ~ ')' -%}

with activity as (
    select
        business_id,
        followers_active,
        {{ tiktok_organic.local_time('active_at', time_zone) }} as local_time
    from {{ ref('int_tiktok_organic__active_hours') }}
),

posts as (
    select
        business_id,
        item_id,
        {{ tiktok_organic.local_time('create_time', time_zone) }} as local_time
    from {{ ref('tiktok_organic__posts') }}
),

-- The first sync on the second or third day after a post's.
two_days_old as (
    select
        business_id,
        item_id,
        video_views,
        row_number() over (partition by business_id, item_id order by metric_date) as oldest_first
    from {{ ref('int_tiktok_organic__post_syncs') }}
    where video_views is not null and {{ dbt.datediff('create_time', 'metric_date', 'day') }} between 2 and 3
),

active as (
    select
        business_id,
        {{ weekday }} as weekday,
        {{ hour_of_day }} as hour_of_day,
        avg(cast(followers_active as {{ tiktok_organic.type_double() }})) as followers_active
    from activity
    group by 1, 2, 3
),

published as (
    select
        posts.business_id,
        {{ weekday }} as weekday,
        {{ hour_of_day }} as hour_of_day,
        two_days_old.video_views
    from posts
    left join two_days_old
        on two_days_old.business_id = posts.business_id
        and two_days_old.item_id = posts.item_id
        and two_days_old.oldest_first = 1
),

ranked as (
    select
        *,
        row_number() over (
            partition by business_id, weekday, hour_of_day
            order by case when video_views is null then 1 else 0 end, video_views
        ) as place,
        count(video_views) over (partition by business_id, weekday, hour_of_day) as known
    from published
),

-- The median is the mean of the middle one or two.
summed as (
    select
        business_id,
        weekday,
        hour_of_day,
        count(*) as posts_published,
        avg(case when 2 * place between known and known + 2 then cast(video_views as {{ tiktok_organic.type_double() }}) end)
            as median_views_after_two_days
    from ranked
    group by 1, 2, 3
),

hours as (
    select distinct business_id, weekday, hour_of_day
    from (
        select business_id, weekday, hour_of_day from active
        union all
        select business_id, weekday, hour_of_day from summed
    ) as either
)

select
    hours.business_id,
    hours.weekday,
    hours.hour_of_day,
    active.followers_active,
    coalesce(summed.posts_published, 0) as posts_published,
    summed.median_views_after_two_days
from hours
left join active
    on active.business_id = hours.business_id
    and active.weekday = hours.weekday
    and active.hour_of_day = hours.hour_of_day
left join summed
    on summed.business_id = hours.business_id
    and summed.weekday = hours.weekday
    and summed.hour_of_day = hours.hour_of_day
