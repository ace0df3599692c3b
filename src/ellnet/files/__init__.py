"""What ellnet keeps on disk: durable writing, a container of tensors, and the model file."""

__all__: list[str] = []
