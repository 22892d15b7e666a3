from trainer.recipe import FOR_SHAPE, PRESETS, SAMPLING, Recipe, RecipeRefused, recipe_from  # noqa


def sampling_from(preset, changed):
    return {**SAMPLING[preset], **changed}
