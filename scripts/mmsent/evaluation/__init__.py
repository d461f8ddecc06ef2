"""Numbers from predictions: metrics, their intervals, calibration."""
