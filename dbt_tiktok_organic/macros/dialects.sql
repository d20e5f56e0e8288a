{#- What has no macro in dbt itself. -#}


{#- The type of shares and seconds. dbt.type_float() has 7 digits on DuckDB. -#}
{% macro type_double() -%}
    {{ return(adapter.dispatch('type_double', 'tiktok_organic')()) }}
{%- endmacro %}

{% macro default__type_double() %}{{ return('double precision') }}{% endmacro %}

{% macro bigquery__type_double() %}{{ return('float64') }}{% endmacro %}


{#- A time in UTC without a time zone, from a column with or without one. Nothing depends on the session's time zone. -#}
{% macro utc(column) -%}
    {{ return(adapter.dispatch('utc', 'tiktok_organic')(column)) }}
{%- endmacro %}

{% macro default__utc(column) %}{{ return("to_timestamp(extract(epoch from " ~ column ~ ")) at time zone 'UTC'") }}{% endmacro %}

{% macro duckdb__utc(column) %}{{ return("make_timestamp(epoch_us(" ~ column ~ "))") }}{% endmacro %}

{% macro bigquery__utc(column) %}{{ return(column) }}{% endmacro %}

{% macro snowflake__utc(column) %}{{ return("to_timestamp_ntz(date_part(epoch_microsecond, " ~ column ~ "), 6)") }}{% endmacro %}


{#- The same moment on the clocks of a time zone, such as 'Europe/Berlin'. -#}
{% macro local_time(utc, time_zone) -%}
    {{ return(adapter.dispatch('local_time', 'tiktok_organic')(utc, time_zone)) }}
{%- endmacro %}

{% macro default__local_time(utc, time_zone) -%}
    {{ return("cast(" ~ utc ~ " as timestamp) at time zone 'UTC' at time zone '" ~ time_zone ~ "'") }}
{%- endmacro %}

{% macro bigquery__local_time(utc, time_zone) -%}
    {{ return("datetime(cast(" ~ utc ~ " as timestamp), '" ~ time_zone ~ "')") }}
{%- endmacro %}

{% macro snowflake__local_time(utc, time_zone) -%}
    {{ return("convert_timezone('UTC', '" ~ time_zone ~ "', cast(" ~ utc ~ " as timestamp_ntz))") }}
{%- endmacro %}


{#- A row for each match of a pattern's only group in a column of a relation, as the column `found`, beside `key`.
    In: 'posts', ['business_id', 'item_id'], 'caption', '#([a-z]+)' -#}
{% macro matches(relation, key, column, pattern) -%}
    {{ return(adapter.dispatch('matches', 'tiktok_organic')(relation, key, column, pattern)) }}
{%- endmacro %}

{% macro default__matches(relation, key, column, pattern) -%}
select {{ key | join(', ') }}, found[1] as found
from {{ relation }}
cross join lateral regexp_matches({{ column }}, '{{ pattern }}', 'g') as matched(found)
{%- endmacro %}

{% macro duckdb__matches(relation, key, column, pattern) -%}
select {{ key | join(', ') }}, unnest(regexp_extract_all({{ column }}, '{{ pattern }}', 1)) as found
from {{ relation }}
{%- endmacro %}

{% macro bigquery__matches(relation, key, column, pattern) -%}
select {{ key | join(', ') }}, found
from {{ relation }}
cross join unnest(regexp_extract_all({{ column }}, r'{{ pattern }}')) as found
{%- endmacro %}

{% macro snowflake__matches(relation, key, column, pattern) -%}
select {{ key | join(', ') }}, cast(matched.value as varchar) as found
from {{ relation }},
    lateral flatten(input => regexp_substr_all({{ column }}, $${{ pattern }}$$, 1, 1, 'e', 1)) as matched
{%- endmacro %}


{#- A fraction of double precision; null where there is nothing to divide by. -#}
{% macro ratio(dividend, divisor) -%}
    cast({{ dividend }} as {{ tiktok_organic.type_double() }}) / nullif({{ divisor }}, 0)
{%- endmacro %}
