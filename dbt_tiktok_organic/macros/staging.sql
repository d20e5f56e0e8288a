{#- Whether a table is synced. In: 'videos_comments'. Out: true -#}
{% macro using(table) -%}
    {%- set family = 'login_kit' if table.startswith('user_') else 'business' -%}
    {{ return(var('tiktok_organic__using_' ~ family) and var('tiktok_organic__using_' ~ table)) }}
{%- endmacro %}


{#- The columns of a table in the package's types, or the same columns without rows where the table is not synced.
    In: 'videos', [('business_id', 'string'), …], with the types of docs/data-dictionary.md -#}
{% macro stage(table, columns) -%}
    {%- set types = {
        'boolean': dbt.type_boolean(),
        'date': 'date',
        'integer': dbt.type_bigint(),
        'number': tiktok_organic.type_double(),
        'string': dbt.type_string(),
        'timestamp': dbt.type_timestamp(),
    } -%}
    {%- set is_synced = tiktok_organic.using(table) -%}
select
    {%- for name, type in columns %}
    cast(
        {%- if not is_synced -%} null
        {%- elif type == 'timestamp' -%} {{ tiktok_organic.utc(name) }}
        {%- else -%} {{ name }}
        {%- endif %} as {{ types[type] }}) as {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
{% if is_synced -%}
from {{ source('tiktok_organic', table) }}
{%- else -%}
from (select 1 as nothing) as no_rows
where nothing = 0
{%- endif %}
{%- endmacro %}
