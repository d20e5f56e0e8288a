with business as (
    select
        business_id,
        item_id,
        metric_date,
        video_creator_username,
        create_time,
        caption,
        media_type,
        is_ad,
        share_url,
        embed_url,
        thumbnail_url,
        video_duration,
        video_views,
        likes,
        comments,
        shares,
        favorites,
        reach,
        total_time_watched,
        average_time_watched,
        full_video_watched_rate,
        new_followers,
        profile_views,
        website_clicks + phone_number_clicks + app_download_clicks + email_clicks + address_clicks as clicks,
        lead_submissions,
        cast(nullif({{ var('tiktok_organic__video_lookback_days') }}, 0) as {{ dbt.type_int() }}) as lookback_days
    from {{ ref('stg_tiktok_organic__videos') }}
),

login_kit as (
    {% set with_history = tiktok_organic.using('user_videos_history') -%}
    select
        open_id as business_id,
        id as item_id,
        {{ 'metric_date' if with_history else 'cast(_airbyte_extracted_at as date)' }} as metric_date,
        cast(null as {{ dbt.type_string() }}) as video_creator_username,
        created_at as create_time,
        video_description as caption,
        cast(null as {{ dbt.type_string() }}) as media_type,
        cast(null as {{ dbt.type_boolean() }}) as is_ad,
        share_url,
        embed_link as embed_url,
        cover_image_url as thumbnail_url,
        cast(duration as {{ tiktok_organic.type_double() }}) as video_duration,
        view_count as video_views,
        like_count as likes,
        comment_count as comments,
        share_count as shares,
        {%- for name in ['favorites', 'reach'] %}
        cast(null as {{ dbt.type_bigint() }}) as {{ name }},
        {%- endfor %}
        {%- for name in ['total_time_watched', 'average_time_watched', 'full_video_watched_rate'] %}
        cast(null as {{ tiktok_organic.type_double() }}) as {{ name }},
        {%- endfor %}
        {%- for name in ['new_followers', 'profile_views', 'clicks', 'lead_submissions'] %}
        cast(null as {{ dbt.type_bigint() }}) as {{ name }},
        {%- endfor %}
        cast(nullif({{ var('tiktok_organic__user_videos_lookback_days') }}, 0) as {{ dbt.type_int() }}) as lookback_days
    from {{ ref('stg_tiktok_organic__user_videos_history') if with_history else ref('stg_tiktok_organic__user_videos') }}
)

select * from business
union all
select * from login_kit
