"""A local stand-in of the service: its calls answer and refuse as documented, with faults on demand.

It needs the extra `sandbox` (starlette and uvicorn) and is started by `aistudios sandbox`.
"""
