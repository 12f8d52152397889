{#- The target `dev` is for one who edits a model: it needs no variables, reads a sample of the shop's own lake and leaves
    its rows in target/dev. Any other target is told all of it by its caller. -#}

{#- A variable of the run, and what stands for it in dev. Where rows go is not for a variable to say there: the folder is
    emptied by each build. -#}
{% macro run_var(name) -%}
    {%- if target.name != 'dev' or not execute -%}
        {{ return(var(name)) }}
    {%- elif name == 'stage_root' -%}
        {{ return(env_var('DBT_TARGET_PATH', 'target') ~ '/dev') }}
    {%- elif var(name) -%}
        {{ return(var(name)) }}
    {%- elif name == 'lake_root' -%}
        {{ return((env_var('AISLE_HOME', '') or '../var') ~ '/lake') }}
    {%- elif name == 'first_date' -%}
        {{ return(run_var('last_date')) }}
    {%- else -%}
        {{ return(newest_day()) }}
    {%- endif -%}
{%- endmacro %}

{#- The newest day of which the lake holds the parents of features, or else the facts. Models ask for it hundreds of times:
    it is kept in `graph`, which is one for all that a run renders. -#}
{% macro newest_day() -%}
    {%- if 'newest_day' not in graph -%}
        {%- set days = "select coalesce(" ~ newest_partition('features', 'dim_item') ~ ", " ~ newest_partition('facts', 'fct_item_daily') ~ ")" -%}
        {%- do graph.update({'newest_day': run_query(days).columns[0].values()[0]}) -%}
    {%- endif -%}
    {%- if not graph['newest_day'] -%}
        {{ exceptions.raise_compiler_error("The lake " ~ run_var('lake_root') ~ " holds no day to build: no partition of features/dim_item, nor of facts/fct_item_daily."
            ~ " Fix: make one with `aisle demo` or `aisle run daily`, or set AISLE_HOME to the folder of a shop that has one; dbt is run in dbt_project.") }}
    {%- endif -%}
    {{ return(graph['newest_day']) }}
{%- endmacro %}

{% macro newest_partition(stage, name) -%}
    {%- set folder = run_var('lake_root') ~ '/' ~ stage ~ '/' ~ name ~ '/' ~ partition_column(stage) ~ '=' -%}
    (select max(regexp_extract(file, '=(\d{4}-\d{2}-\d{2})[/\\]data[^/\\]*$', 1)) from glob({{ quoted(folder ~ '*/data*.parquet') }}))
{%- endmacro %}

{#- Which rows of a table dev reads: those of some of the shoppers, always the same ones, and of some of the visits of
    nobody known. A table without user_id is read whole. -#}
{% macro where_sampled(node) -%}
    {%- if target.name == 'dev' and 'user_id' in node.columns and var('sample_percent') | float < 100 -%}
        where hash({{ 'coalesce(user_id, session_id)' if 'session_id' in node.columns else 'user_id' }}) % 10000 < {{ 100 * var('sample_percent') | float }}
    {%- endif -%}
{%- endmacro %}

{#- What the run builds. A command that compiles all models renders the hook too, and builds none. -#}
{% macro built_resources() -%}
    {{ return([] if target.name == 'dev' and flags.WHICH not in ['build', 'run', 'test'] else selected_resources) }}
{%- endmacro %}

{#- Whether a view stays as the last build left it: `dbt test` after `dbt run` looks at what was built. -#}
{% macro stays_built(node) -%}
    {{ return(target.name == 'dev' and flags.WHICH not in ['build', 'run']
        and run_query("select count(*) from glob(" ~ quoted(run_var('stage_root') ~ '/' ~ node.name ~ '.*.parquet') ~ ")").columns[0].values()[0] > 0) }}
{%- endmacro %}

{#- Empties the folder that a build writes to; DuckDB makes no folder, nor removes a file, but in such a copy. -#}
{% macro open_dev() -%}
    {%- if not 0 < var('sample_percent') | float <= 100 -%}
        {{ exceptions.raise_compiler_error("sample_percent is " ~ var('sample_percent') ~ ". Fix: pass a number above 0 and up to 100, such as --vars '{sample_percent: 2}'.") }}
    {%- endif -%}
    {%- set sample = "as of " ~ run_var('last_date') ~ ", " ~ var('sample_percent') ~ " % of shoppers" -%}
    {%- do log("Dev: " ~ sample ~ ", of " ~ run_var('lake_root') ~ "; a build's rows are in " ~ run_var('stage_root') ~ "/<model>.*.parquet", info=true) -%}
    {%- if flags.WHICH in ['build', 'run'] -%}
        {%- do run_query("copy (select " ~ quoted(sample) ~ " as sample) to " ~ quoted(run_var('stage_root'))
            ~ " (format csv, header false, per_thread_output, overwrite, filename_pattern 'sample', file_extension 'txt')") -%}
    {%- endif -%}
{%- endmacro %}
