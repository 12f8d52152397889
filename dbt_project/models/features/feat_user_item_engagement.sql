-- One row per as_of_date, user_id and item_id that the shopper viewed, clicked, put into the cart, marked, rated or
-- dismissed in the last 364 days.
with activity as (
    select * from {{ ref('fct_user_item_daily') }}
    where arrival_date <= {{ as_of() }}
      and {{ in_last_days('event_date', 364) }}
),

engaged as (
    select
        user_id,
        item_id,
        {%- for days in windows() %}
        {%- for action in ['view', 'click', 'cart'] %}
        coalesce(sum({{ action }}_count) filter ({{ in_last_days('event_date', days) }}), 0) as {{ action }}_count_{{ days }}d,
        {%- endfor %}
        {%- endfor %}
        sum(favourite_count) as favourite_count_364d,
        sum(dismiss_count) as dismiss_count_364d,
        sum(rating_sum) / nullif(sum(rating_count), 0) as mean_rating_364d,
        sum({{ decayed('event_date', 7) }} * view_count) / 1e6 as view_count_decayed_7d,
        sum({{ decayed('event_date', 28) }} * (view_count + click_count)) / 1e6 as engagement_decayed_28d,
        {{ as_of() }} - max(event_date) filter (view_count + click_count > 0) as since_view_days,
        {{ as_of() }} - max(event_date) filter (cart_count > 0) as since_cart_days,
        {{ as_of() }} - max(event_date) filter (dismiss_count > 0) as since_dismiss_days,
        {{ as_of() }} - max(event_date) filter (purchase_count > 0) as since_purchase_days
    from activity
    group by user_id, item_id
    having sum(view_count + click_count + cart_count + favourite_count + rating_count + dismiss_count) > 0
)

select
    {{ as_of() }} as as_of_date,
    * exclude (since_purchase_days),
    coalesce(since_cart_days < 28 and since_cart_days < coalesce(since_purchase_days, 364), false) as is_left_in_cart
from engaged
