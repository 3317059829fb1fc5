"""Arrays → Plotly figures: pure functions, for static figures."""
