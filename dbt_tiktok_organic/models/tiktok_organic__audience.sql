with shares as (
    {%- for dimension, table, label in [
        ('age', 'ages', 'age'),
        ('gender', 'genders', 'gender'),
        ('country', 'countries', 'country'),
        ('city', 'cities', 'city_name'),
    ] %}
    select
        business_id,
        metric_date,
        '{{ dimension }}' as dimension,
        audience_{{ table }}_{{ label }} as label,
        audience_{{ table }}_percentage as percentage
    from {{ ref('stg_tiktok_organic__account_audience_' ~ table) }}
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}
)

select
    *,
    metric_date = max(metric_date) over (partition by business_id, dimension) as is_newest
from shares
