{#- Each row has one in another relation with the same values in these columns. -#}
{% test belongs_to(model, to, columns) %}
select child.{{ columns | join(', child.') }}
from {{ model }} as child
left join {{ to }} as parent
    on {% for column in columns %}child.{{ column }} = parent.{{ column }}{{ ' and ' if not loop.last }}{% endfor %}
where parent.{{ columns[0] }} is null
{% endtest %}
