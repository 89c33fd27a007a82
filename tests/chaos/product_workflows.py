"""The workflows of the storm over product subscriptions; a server offers every workflow of a module."""

from support.product_lives import LIVES

globals().update({workflow.name: workflow for workflow in LIVES})
