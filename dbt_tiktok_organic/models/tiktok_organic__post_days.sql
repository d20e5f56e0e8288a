{{ config(materialized='incremental', unique_key=['business_id', 'item_id', 'metric_date']) }}

{%- set counters = ['video_views', 'likes', 'comments', 'shares', 'favorites', 'new_followers', 'clicks'] %}

-- A sync in which TikTok withheld the counters is no sync before: what came is counted from the last that had them.
with syncs as (
    select
        business_id,
        item_id,
        metric_date,
        create_time,
        {%- for counter in counters %}
        {{ counter }},
        lag({{ counter }}) over (
            partition by business_id, item_id, case when video_views is null then 0 else 1 end order by metric_date
        ) as {{ counter }}_before,
        {%- endfor %}
        lag(metric_date) over (
            partition by business_id, item_id, case when video_views is null then 0 else 1 end order by metric_date
        ) as date_before,
        min(metric_date) over (partition by business_id) as first_sync,
        min(metric_date) over (partition by business_id, item_id) as first_read
    from {{ ref('int_tiktok_organic__post_syncs') }}
),

-- A post that was published after the account's first sync began with nothing. So did one of the two days before it
-- whose counters TikTok withheld then, as it does with new posts: all that is known came since its publication.
begun as (
    select
        *,
        case
            when date_before is null
                and (
                    cast(create_time as date) >= first_sync
                    or ({{ dbt.datediff('create_time', 'first_sync', 'day') }} <= 2 and first_read < metric_date)
                )
                then cast(create_time as date)
        end as began
    from syncs
),

counted_from as (
    select
        begun.*,
        case when video_views is not null then coalesce(date_before, began) end as counted_from,
        case when began is not null then 0 end as nothing
    from begun
    {%- if is_incremental() %}
    left join (
        select business_id, max(metric_date) as metric_date
        from {{ this }}
        group by business_id
    ) as newest
        on newest.business_id = begun.business_id
    where newest.metric_date is null or begun.metric_date >= newest.metric_date
    {%- endif %}
),

gained as (
    select
        *,
        {{ dbt.datediff('counted_from', 'metric_date', 'day') }} as days,
        {%- for counter in counters %}
        case when counted_from is not null then {{ counter }} - coalesce({{ counter }}_before, nothing) end
            as {{ counter }}_gained{{ ',' if not loop.last }}
        {%- endfor %}
    from counted_from
)

select
    business_id,
    item_id,
    metric_date,
    create_time,
    {{ dbt.datediff('create_time', 'metric_date', 'day') }} as days_since_published,
    counted_from,
    days,
    {%- for counter in counters %}
    {{ counter }},
    {{ counter }}_gained,
    {{ tiktok_organic.ratio(counter ~ '_gained', 'case when days = 0 then 1 else days end') }} as {{ counter }}_per_day{{ ',' if not loop.last }}
    {%- endfor %}
from gained
