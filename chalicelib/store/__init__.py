"""The stores, over a small table port; ``README.md`` lists every question and its cost."""
