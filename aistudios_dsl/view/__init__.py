"""What a viewer sees and hears of a resolved scene."""
