// Pango lays text out, Cairo writes it as PDF.
#include <cairo-pdf.h>
#include <pango/pangocairo.h>
