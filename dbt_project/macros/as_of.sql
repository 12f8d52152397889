{#- The as-of day of the row set being computed. Feature models are run once for each day of the range, so a day can
    not depend on its neighbours: lake_partitions puts each day in this literal's place. -#}
{% macro as_of() -%}
    {{ as_of_literal(run_var('last_date')) }}
{%- endmacro %}

{% macro as_of_literal(day) -%}
    date '{{ day }}' /* as_of */
{%- endmacro %}

{#- Feature windows in days; a window of n days ends with the as-of day and holds it. -#}
{% macro windows() -%}
    {{ return([1, 7, 28, 91, 364]) }}
{%- endmacro %}

{% macro in_last_days(column, days) -%}
    {{ column }} > {{ as_of() }} - {{ days }} and {{ column }} <= {{ as_of() }}
{%- endmacro %}

{#- Which of the last 364 days any row is of, as bits, the as-of day first; and how many of the last days are. One set of
    days for all windows: a distinct count for each would take several times as long. -#}
{% macro day_bits(column) -%}
    bitstring_agg(cast({{ as_of() }} - {{ column }} as integer), 0, 363)
{%- endmacro %}

{% macro days_among(bits, days) -%}
    bit_count({{ bits }} >> {{ 364 - days }})
{%- endmacro %}

{#- What a row counts for, in millionths, after it has lost half its weight every half_life_days. A whole number, so that
    sums do not depend on the order of adding; divide the sum by 1e6. -#}
{% macro decayed(column, half_life_days) -%}
    cast(round(1e6 * pow(0.5, ({{ as_of() }} - {{ column }}) / {{ half_life_days }}.0)) as integer)
{%- endmacro %}
