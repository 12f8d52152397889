{#- Leaving out suspects: what is popular is judged by what the others did. A suspect's own rows are still features of
    the suspect, who is served too. -#}

{#- The rows of a table with user_id but for those of the as-of day's suspects; rows without a shopper stay. -#}
{% macro without_suspects(relation) -%}
    {{ relation }} anti join (select user_id from {{ ref('dim_suspect') }} where as_of_date = {{ as_of() }}) using (user_id)
{%- endmacro %}

{#- fct_item_daily as it had arrived by the as-of day, less what its suspects did; rows may be left with nothing. -#}
{% macro item_daily_without_suspects() -%}
    (
        select
            arrival_date, event_date, item_id, region
            {%- for measure in item_daily_measures() %},
            facts.{{ measure }} - coalesce(theirs.{{ measure }}, 0) as {{ measure }}
            {%- endfor %}
        from {{ ref('fct_item_daily') }} as facts
        left join (select * from {{ ref('int_suspect_item_daily') }} where as_of_date = {{ as_of() }}) as theirs
            using (arrival_date, event_date, item_id, region)
        where arrival_date <= {{ as_of() }}
    ) as item_daily
{%- endmacro %}
