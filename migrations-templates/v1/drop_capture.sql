drop function if exists {{function}}() cascade;
