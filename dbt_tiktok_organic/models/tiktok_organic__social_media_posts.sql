select
    post_days.metric_date as date_day,
    posts.create_time as created_timestamp,
    posts.item_id as post_id,
    posts.caption as post_message,
    posts.business_id as page_id,
    coalesce(posts.display_name, posts.video_creator_username) as page_name,
    posts.permalink as post_url,
    '{{ var("tiktok_organic_schema") }}' as source_relation,
    'tiktok' as platform,
    {%- for name, counter in [
        ('clicks', 'clicks'),
        ('impressions', 'video_views'),
        ('likes', 'likes'),
        ('shares', 'shares'),
        ('comments', 'comments'),
    ] %}
    coalesce(post_days.{{ counter }}_gained, post_days.{{ counter }}) as {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
from {{ ref('tiktok_organic__post_days') }} as post_days
inner join {{ ref('tiktok_organic__posts') }} as posts
    on posts.business_id = post_days.business_id and posts.item_id = post_days.item_id
