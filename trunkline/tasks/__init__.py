"""Queue glue: Celery tasks of a few lines that call plain functions."""
