"""Arrays → Plotly figures: pure functions, used where a figure stands still."""
