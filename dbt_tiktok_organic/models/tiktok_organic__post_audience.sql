with shares as (
    {%- for dimension, table, label in [
        ('country', 'audience_countries', 'country'),
        ('city', 'audience_cities', 'city_name'),
        ('gender', 'audience_genders', 'gender'),
        ('type', 'audience_types', 'type'),
        ('source', 'impression_sources', 'impression_source'),
    ] %}
    select
        business_id,
        item_id,
        metric_date,
        '{{ dimension }}' as dimension,
        {{ table }}_{{ label }} as label,
        {{ table }}_percentage as percentage
    from {{ ref('stg_tiktok_organic__videos_' ~ table) }}
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}
)

select
    *,
    metric_date = max(metric_date) over (partition by business_id, item_id, dimension) as is_newest
from shares
