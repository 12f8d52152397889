-- One row per as_of_date and item_id with an event in the last 364 days; what suspects did is left out.
with activity as (
    select * from {{ item_daily_without_suspects() }}
    where {{ in_last_days('event_date', 364) }}
),

engaged as (
    select
        item_id,
        {%- for days in windows() %}
        {%- for action in ['view', 'click', 'cart'] %}
        coalesce(sum({{ action }}_count) filter ({{ in_last_days('event_date', days) }}), 0) as {{ action }}_count_{{ days }}d,
        {%- endfor %}
        {%- endfor %}
        {%- for days in [28, 364] %}
        coalesce(sum(purchase_count) filter ({{ in_last_days('event_date', days) }}), 0) as purchase_count_{{ days }}d,
        {%- endfor %}
        coalesce(sum(favourite_count) filter ({{ in_last_days('event_date', 28) }}), 0) as favourite_count_28d,
        coalesce(sum(dismiss_count) filter ({{ in_last_days('event_date', 28) }}), 0) as dismiss_count_28d,
        sum(return_count) as return_count_364d,
        sum(rating_count) as rating_count_364d,
        sum(rating_sum) as rating_sum_364d,
        {{ as_of() }} - max(event_date) filter (view_count + click_count > 0) as since_view_days
    from activity
    group by item_id
    having sum(view_count + click_count + cart_count + favourite_count + dismiss_count) > 0
        or sum(purchase_count + return_count + rating_count) > 0
)

select
    {{ as_of() }} as as_of_date,
    * exclude (purchase_count_28d, purchase_count_364d, rating_sum_364d),
    -- a click is a view that the list did not show
    {{ smoothed('cart_count_28d', '(view_count_28d + click_count_28d)', usual('cart_count_28d', 'view_count_28d + click_count_28d')) }}
        as view_to_cart_rate_28d,
    {{ smoothed('purchase_count_28d', 'cart_count_28d', usual('purchase_count_28d', 'cart_count_28d')) }}
        as cart_to_buy_rate_28d,
    {{ smoothed('purchase_count_28d', '(view_count_28d + click_count_28d)', usual('purchase_count_28d', 'view_count_28d + click_count_28d')) }}
        as view_to_buy_rate_28d,
    {{ smoothed('return_count_364d', 'purchase_count_364d', usual('return_count_364d', 'purchase_count_364d')) }}
        as return_rate_364d,
    {{ smoothed('rating_sum_364d', 'rating_count_364d', usual('rating_sum_364d', 'rating_count_364d'), 5) }}
        as mean_rating_364d,
    -- one view is added to both sides, so that few views make no trend
    (view_count_7d + 1) / (view_count_28d / 4 + 1) as view_trend_7d_28d,
    (view_count_28d + 1) / (view_count_91d * 28 / 91 + 1) as view_trend_28d_91d
from engaged
