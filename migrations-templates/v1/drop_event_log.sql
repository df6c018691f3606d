-- Never run by a migration: it removes the log with every event, position and parked event in it, and all triggers.
drop schema if exists fraiseql cascade;
