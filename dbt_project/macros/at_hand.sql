{#- Arriving tables that a run reads again and again, for each of its as-of days and by each of its models: they are decoded
    once, where they fit. What a reader may see of them is the same. -#}

{#- Ids of sources and facts that the models of this run read at least that many times in all. -#}
{% macro read_often(times=4) -%}
    {%- set read = [] -%}
    {%- for node in graph.nodes.values() if node.unique_id in built_resources() and node.resource_type == 'model' and stage_of(node) == 'features' -%}
        {%- for parent in node.depends_on.nodes if parent in graph.nodes -%}
            {%- if graph.nodes[parent].config.materialized == 'view' -%}
                {%- do read.extend(graph.nodes[parent].depends_on.nodes) -%}
            {%- elif stage_of(graph.nodes[parent]) == 'facts' -%}
                {%- do read.append(parent) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set days = days_in_range() | length -%}
    {%- set often = [] -%}
    {%- for id in read | unique if days * (read | select('equalto', id) | list | length) >= times -%}
        {%- do often.append(id) -%}
    {%- endfor -%}
    {{ return(often) }}
{%- endmacro %}

{#- Rows of files, from a table in memory where they are read often and take less than half of it. -#}
{% macro at_hand(node, files, often) -%}
    {%- if node.unique_id not in often or not files or not fit_in_memory(files) -%}
        {{ return(lake_rows(node, files)) }}
    {%- endif -%}
    {%- do run_query('create schema if not exists at_hand') -%}
    {%- do run_query('create or replace table at_hand."' ~ node.name ~ '" as ' ~ lake_rows(node, files)) -%}
    {{ return('select * from at_hand."' ~ node.name ~ '"') }}
{%- endmacro %}

{#- In memory, rows are some 20 times as large as in the lake. -#}
{% macro fit_in_memory(files) -%}
    {%- set limit = "parse_formatted_bytes(current_setting('memory_limit'))" -%}
    {%- set list = files | map('string') | join("', '") -%}
    {{ return(run_query("select 40 * sum(size) < " ~ limit ~ " from read_blob(['" ~ list ~ "'])").columns[0].values()[0]) }}
{%- endmacro %}
