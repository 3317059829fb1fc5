"""SelfSup Studio's core: data, models, objectives, training and runs. Imports no streamlit."""

__version__ = "0.2.0"
