{%- set knows_replies = tiktok_organic.using('videos_comments_replies') -%}

with written as (
    {%- for table in ['videos_comments', 'videos_comments_replies'] %}
    select
        business_id,
        comment_id,
        video_id as item_id,
        coalesce(parent_comment_id, comment_id) as thread_id,
        parent_comment_id,
        parent_comment_id is not null as is_reply,
        create_time,
        text,
        image_url,
        likes,
        replies,
        owner as is_owner,
        liked as is_liked_by_owner,
        pinned as is_pinned,
        status,
        comment_author_username,
        display_name,
        unique_identifier
    from {{ ref('stg_tiktok_organic__' ~ table) }}
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}
),

answers as (
    select business_id, thread_id, max(create_time) as last_answer_at
    from written
    where is_owner
    group by business_id, thread_id
)

select
    written.*,
    {%- if knows_replies %}
    case when not written.is_owner then coalesce(answers.last_answer_at >= written.create_time, false) end as is_answered
    {%- else %}
    cast(null as {{ dbt.type_boolean() }}) as is_answered
    {%- endif %}
from written
left join answers on answers.business_id = written.business_id and answers.thread_id = written.thread_id
