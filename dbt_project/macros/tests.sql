{#- Generic tests. Each returns the rows that break the rule; one test covers many columns, since a test costs more to
    start than to run. -#}

{% test one_row_per(model, columns) %}
    select {{ columns | join(', ') }}, count(*) as row_count
    from {{ model }}
    group by {{ columns | join(', ') }}
    having count(*) > 1
{% endtest %}

{% test never_null(model, columns) %}
    select * from {{ model }}
    where {% for column in columns %}{{ column }} is null{{ " or " if not loop.last }}{% endfor %}
{% endtest %}

{#- ranges: {column: [lowest, highest]}, both inclusive, null for no limit; null values pass. -#}
{% test within_ranges(model, ranges) %}
    select * from {{ model }}
    where false
    {%- for column, (low, high) in ranges.items() %}
        {%- if low is not none %} or {{ column }} < {{ low }}{% endif %}
        {%- if high is not none %} or {{ column }} > {{ high }}{% endif %}
    {%- endfor %}
{% endtest %}

{#- SQL conditions that hold for every row. -#}
{% test always_true(model, conditions) %}
    select * from {{ model }}
    where {% for condition in conditions %}not coalesce({{ condition }}, false){{ " or " if not loop.last }}{% endfor %}
{% endtest %}

{#- Every value of the columns is a value of field in the other model, on the same as-of day. -#}
{% test known_on_the_day(model, columns, to, field) %}
    {%- for column in columns %}
    select {{ column }} as unknown_value, as_of_date from {{ model }}
    where {{ column }} is not null
    except
    select {{ field }}, as_of_date from {{ to }}
    {{ "union all" if not loop.last }}
    {%- endfor %}
{% endtest %}

{#- dbt's own macro, with __built_days__ standing for the days of this run: tests do not read older partitions again. -#}
{% macro get_where_subquery(relation) -%}
    {%- set where = config.get('where') -%}
    {%- if where and execute -%}
        {{ return('(select * from ' ~ relation ~ ' where ' ~ where | replace('__built_days__', built_days()) ~ ') as built') }}
    {%- else -%}
        {{ return(relation) }}
    {%- endif -%}
{%- endmacro %}

{#- One schema for models, one for sources: names are the same wherever the project runs. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name or target.schema }}
{%- endmacro %}
