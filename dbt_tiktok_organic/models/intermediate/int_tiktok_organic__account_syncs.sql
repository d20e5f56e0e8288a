with business as (
    select
        business_id,
        metric_date,
        video_creator_username,
        display_name,
        followers_count
    from {{ ref('stg_tiktok_organic__account') }}
),

login_kit as (
    {% set with_history = tiktok_organic.using('user_info_history') -%}
    select
        open_id as business_id,
        {{ 'metric_date' if with_history else 'cast(_airbyte_extracted_at as date)' }} as metric_date,
        username as video_creator_username,
        display_name,
        follower_count as followers_count
    from {{ ref('stg_tiktok_organic__user_info_history') if with_history else ref('stg_tiktok_organic__user_info') }}
)

select * from business
union all
select * from login_kit
