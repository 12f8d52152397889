{#- Rates of few trials are drawn to what is usual: strength more trials are added at the usual rate. -#}
{% macro smoothed(successes, trials, usual, strength=20) -%}
    ({{ successes }} + {{ strength }} * {{ usual }}) / ({{ trials }} + {{ strength }})
{%- endmacro %}

{#- The usual rate: over all rows of the table being made. Null where nothing was ever tried. -#}
{% macro usual(successes, trials) -%}
    (sum({{ successes }}) over () / nullif(sum({{ trials }}) over (), 0))
{%- endmacro %}
