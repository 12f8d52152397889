-- One row per as_of_date, user_id and category_l3 (product type) with an item that the shopper viewed, clicked, put into
-- the cart, marked, rated or dismissed in the last 364 days.
with pairs as (
    select * from {{ ref('feat_user_item_engagement') }}
    where as_of_date = {{ as_of() }}
),

items as (
    select * from {{ ref('dim_item') }}
    where as_of_date = {{ as_of() }}
      and category_l3 is not null
),

engaged as (
    select
        user_id,
        category_l3,
        {%- for action in ['view', 'click', 'cart'] %}
        {%- for days in [7, 28, 91, 364] %}
        sum({{ action }}_count_{{ days }}d) as {{ action }}_count_{{ days }}d,
        {%- endfor %}
        {%- endfor %}
        count(*) filter (view_count_91d + click_count_91d > 0) as viewed_item_count_91d,
        sum(favourite_count_364d) as favourite_count_364d,
        sum(dismiss_count_364d) as dismiss_count_364d,
        count(*) filter (is_left_in_cart) as left_in_cart_count,
        sum(engagement_decayed_28d) as engagement_decayed_28d,
        min(since_view_days) as since_view_days,
        min(since_cart_days) as since_cart_days
    from pairs
    inner join items using (item_id)
    group by user_id, category_l3
)

select
    {{ as_of() }} as as_of_date,
    *,
    (view_count_91d + click_count_91d) / nullif(sum(view_count_91d + click_count_91d) over (partition by user_id), 0)
        as view_share_91d
from engaged
