-- From here on the tables live in a schema of their own, and locks and channels are named after it. An earlier version that
-- still runs has another lock: without the sequence by its old name it can write no more, rather than write out of order.

ALTER SEQUENCE "log_position" RENAME TO "log_positions";
