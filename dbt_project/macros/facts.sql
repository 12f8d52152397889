{#- What daily facts count, the same way wherever they are made. -#}

{% macro actions() -%}
    {{ return(['view', 'click', 'cart', 'favourite', 'purchase', 'return', 'rating', 'dismiss']) }}
{%- endmacro %}

{#- The additive measures of fct_item_daily, by name. -#}
{% macro item_daily_measures() -%}
    {{ return([
        'view_count', 'click_count', 'cart_count', 'favourite_count', 'purchase_count', 'return_count', 'rating_count',
        'dismiss_count', 'rating_sum', 'buyer_count', 'basket_count', 'quantity', 'spend',
    ]) }}
{%- endmacro %}

{#- Counts and sums over rows of events that carry a change: 1 for what arrived, -1 for what was taken back. -#}
{% macro action_sums(actions) -%}
    {%- for action in actions %}
    coalesce(sum(change) filter (action = '{{ action }}'), 0) as {{ action }}_count,
    {%- endfor %}
    coalesce(sum(change * cast(rating as decimal(9, 4))) filter (action = 'rating'), 0) as rating_sum,
    sum(net_quantity) as quantity,
    sum(net_amount) as spend
{%- endmacro %}

{#- Different values of a column among the chosen rows that arrived, less those among rows that were taken back. -#}
{% macro distinct_values(column, condition='true') -%}
    count(distinct {{ column }}) filter ({{ condition }} and change > 0)
    - count(distinct {{ column }}) filter ({{ condition }} and change < 0)
{%- endmacro %}
