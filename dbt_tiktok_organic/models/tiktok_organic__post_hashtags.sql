{#- # or its full-width form, then all up to a blank, a sign of punctuation or the next #. Letters of any script, digits, underscores
    and emoji are part of a hashtag. -#}
{%- set ends = '\\s!-/:-@\\[-\\^`{-~\u00a0\u00a1\u00ab\u00bb\u00bf\u2010-\u2027\u3000-\u3002\u3008-\u3011\uff01-\uff0f\uff1a-\uff20\uff3b-\uff3e\uff5b-\uff65' -%}

with found as (
    {{ tiktok_organic.matches(ref('tiktok_organic__posts'), ['business_id', 'item_id'], 'caption', '[#\uff03]([^' ~ ends ~ ']+)') }}
)

select distinct
    business_id,
    item_id,
    lower(found) as hashtag
from found
