"""The forms in which a model leaves, ONNX and C, and those in which a network enters.

Nothing here imports onnx, scikit-learn, PyTorch or Keras before it is asked for the form that needs it.
"""

from ellnet.forms.c_export import c_source, export_c
from ellnet.forms.keras_sequential import from_keras
from ellnet.forms.onnx_export import export_onnx, onnx_bytes
from ellnet.forms.onnx_import import from_onnx
from ellnet.forms.plain import as_model, model_of_estimator
from ellnet.forms.scikit_learn import from_scikit_learn
from ellnet.forms.torch_sequential import from_torch

__all__ = [
    "as_model",
    "c_source",
    "export_c",
    "export_onnx",
    "from_keras",
    "from_onnx",
    "from_scikit_learn",
    "from_torch",
    "model_of_estimator",
    "onnx_bytes",
]
